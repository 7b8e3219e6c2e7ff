import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const { createContext } = vm;

/**
 * Jest's environment for Node, but its global object is an ordinary one. Jest makes it from an object of its own, which is then asked
 * through a proxy at every mention of Math, Array or JSON: a third of the tests' computing time, and up to two thirds of the statistics'.
 * See https://nodejs.org/api/vm.html#vmconstantsdont_contextify.
 */
// oxlint-disable-next-line import/no-default-export -- jest asks for one
export default class PlainGlobals extends TestEnvironment {
  constructor(...given) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
  }
}
