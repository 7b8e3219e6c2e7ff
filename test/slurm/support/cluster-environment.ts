/**
 * The environment in which `test/cluster/cluster` means the cluster of a jest worker. Each worker has one to itself, so that what
 * one test breaks is whole for the others; the first has the one that people use by hand.
 */
export function clusterEnvironment(worker: number): NodeJS.ProcessEnv {
  return { ...process.env, ...(worker === 1 ? {} : { CTMGR_CLUSTER_NAME: `worker-${worker}` }) };
}
