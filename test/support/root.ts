/** The repository's top folder, wherever the compiled test lies. */
import { existsSync } from 'node:fs'
import path from 'node:path'

export const ROOT = (() => {
  let directory = import.meta.dirname
  while (!existsSync(path.join(directory, 'tsconfig.build.json'))) {
    const parent = path.dirname(directory)
    if (parent === directory) throw new Error('the tests must run inside the repository')
    directory = parent
  }
  return directory
})()
