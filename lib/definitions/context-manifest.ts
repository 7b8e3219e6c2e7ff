/** What a recipe takes from its build context: exactly the entries that its COPY and ADD steps select. Goes through JSON unchanged. */
export interface ContextManifest {
  /** Sorted by path (code units), each path once. */
  entries: ContextEntry[];
  /** `sha256:` and 64 hexadecimal digits over all entries; the same for the same content, whatever owner, mtime or order. */
  digest: string;
}

export type ContextEntry = ContextFile | ContextDirectory | ContextSymlink;

export interface ContextFile {
  type: 'file';
  /** Relative to the context, `/` between components, no `.` or `..`. */
  path: string;
  /** Permission bits, for example 0o644. */
  mode: number;
  /** Bytes. */
  size: number;
  /** 64 hexadecimal digits. */
  sha256: string;
  /** How it is compressed, if it is an archive that ADD unpacks. */
  archive?: ArchiveFormat;
}

export interface ContextDirectory {
  type: 'directory';
  path: string;
  mode: number;
}

export interface ContextSymlink {
  type: 'symlink';
  path: string;
  /** As readlink(2) gives it. */
  target: string;
}

export type ArchiveFormat = 'tar' | 'gzip' | 'bzip2' | 'xz' | 'zstd';
