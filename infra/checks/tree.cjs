// What the checks share: the repository's folder, its YAML files, and a list of problems that ends in an exit code.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { parseAllDocuments } = require('yaml');

const root = path.resolve(__dirname, '../..');
const problems = [];

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const exists = (file) => fs.existsSync(path.join(root, file));
const problem = (file, text) => problems.push(`${file}: ${text}`);

// Below a folder of the repository, with "/" on every system.
const filesBelow = (folder, pattern) =>
  fs.readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
    .sort();

// The objects of a file of YAML documents; what cannot be read is a problem.
function yaml(file) {
  const documents = parseAllDocuments(read(file));
  const errors = documents.flatMap((document) => document.errors.concat(document.warnings));
  errors.forEach((error) => problem(file, error.message));
  return errors.length > 0 ? [] : documents.map((document) => document.toJS());
}

function end() {
  problems.forEach((text) => console.error(text));
  process.exit(problems.length > 0 ? 1 : 0);
}

// What the functions of the sample say of themselves in their attributes.
function functions() {
  const found = filesBelow('src/FunctionApp', /\.cs$/)
    .filter((file) => !/^src\/FunctionApp\/(bin|obj)\//.test(file))
    .flatMap((file) => {
      const code = read(file);
      const name = /\[Function\((?:nameof\((\w+)\)|"([^"]+)")\)\]/.exec(code);
      return name === null ? [] : [{
        name: name[1] ?? name[2],
        queue: /\[RabbitMQTrigger\(\s*"([^"]+)"/.exec(code)?.[1],
        timer: /\[TimerTrigger\(/.test(code),
        settings: [...code.matchAll(/ConnectionStringSetting\s*=\s*"([^"]+)"/g)].map((match) => match[1]),
      }];
    });
  if (!found.some((one) => one.queue) || !found.some((one) => one.timer)) {
    problem('src/FunctionApp', 'no function with a RabbitMQ trigger, or none with a timer, was found; infra/checks/tree.cjs looks for them');
  }
  return found;
}

module.exports = { end, exists, filesBelow, functions, problem, read, root, yaml };
