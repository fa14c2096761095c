// From `src/` with its artifacts to `build/`, which Node can run: JSX, and `graphql` tags for what the compiler made of them.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import babel from '@babel/core';

const [source, target] = ['src', 'build'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
rmSync(target, { recursive: true, force: true });
for (const folder of ['.', '__generated__']) {
  mkdirSync(join(target, folder), { recursive: true });
  for (const name of readdirSync(join(source, folder)).filter((name) => /\.jsx?$/.test(name))) {
    const { code } = babel.transformFileSync(join(source, folder, name), {
      babelrc: false,
      configFile: false,
      plugins: ['relay', '@babel/transform-react-jsx', '@babel/transform-modules-commonjs'],
    });
    writeFileSync(join(target, folder, name), code);
  }
}
writeFileSync(join(target, 'package.json'), '{ "type": "commonjs" }\n');
