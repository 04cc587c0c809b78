// compose.yaml by the schema of the Compose Specification, and the names in it.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv').default;
const addFormats = require('ajv-formats').default;
const { end, exists, problem, read, yaml } = require('./tree.cjs');

const file = 'infra/docker/compose.yaml';
const [compose] = yaml(file);
if (compose === undefined) {
  end();
}

// The package's own program would read it too, but needs a newer Node.js than Debian has.
const schema = JSON.parse(fs.readFileSync(path.join(path.dirname(require.resolve('dclint/package.json')), 'schemas/compose.schema.json'), 'utf8'));
delete schema.$schema;
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
if (!ajv.validate(schema, compose)) {
  ajv.errors.forEach((error) => problem(file, `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`));
  end();
}

for (const [name, service] of Object.entries(compose.services)) {
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    if (compose.services[other] === undefined) {
      problem(file, `${name} depends on ${other}, which is not there`);
    } else if (condition === 'service_healthy' && compose.services[other].healthcheck === undefined) {
      problem(file, `${name} waits for the health of ${other}, which has no healthcheck`);
    }
  }
  for (const volume of service.volumes ?? []) {
    const source = volume.split(':')[0];
    if (!/^[./]/.test(source) && compose.volumes?.[source] === undefined) {
      problem(file, `${name} mounts the volume ${source}, which is not declared`);
    }
  }
  if (service.build !== undefined) {
    const dockerfile = path.posix.join('infra/docker', service.build.context, service.build.dockerfile);
    if (!exists(dockerfile)) {
      problem(file, `${name} is built from ${dockerfile}, which is not there`);
    } else if (!new RegExp(`^FROM .* AS ${service.build.target}$`, 'm').test(read(dockerfile))) {
      problem(file, `${name} is built from the stage ${service.build.target}, which ${dockerfile} does not have`);
    }
  }
  for (const [setting, value] of Object.entries(service.environment ?? {})) {
    if (/pass|RabbitMQ$/i.test(setting) && !/\$\{/.test(value)) {
      problem(file, `${name} has the value of ${setting} in clear text`);
    }
  }
}
end();
