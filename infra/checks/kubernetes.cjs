// The manifests by the schemas of Kubernetes and KEDA, and what they say of each other.
'use strict';
const path = require('node:path');
const { end, exists, filesBelow, problem, yaml } = require('./tree.cjs');

// No registry that we reach has schemas for these: only their YAML is checked, and here what we rely on.
const withoutSchema = {
  'kustomize.config.k8s.io/v1beta1 Kustomization': (object, file) => checkKustomization(object, file),
  'rabbitmq.com/v1beta1 RabbitmqCluster': (object, file) => {
    if (!(object.spec?.replicas >= 3 && object.spec.replicas % 2 === 1)) {
      problem(file, 'a cluster of quorum queues has an odd number of nodes, three at least');
    }
    if (object.spec?.persistence?.storage === undefined) {
      problem(file, 'spec.persistence.storage is missing');
    }
  },
  'rabbitmq.com/v1beta1 Vhost': (object, file) => {
    if (object.spec?.defaultQueueType !== 'quorum') {
      problem(file, 'spec.defaultQueueType is not quorum');
    }
  },
  'rabbitmq.com/v1beta1 User': () => {},
  'rabbitmq.com/v1beta1 Permission': (object, file) => {
    for (const right of ['configure', 'write', 'read']) {
      if (!/^\^.*\$$/.test(object.spec?.permissions?.[right] ?? '')) {
        problem(file, `the permission ${right} of ${object.metadata.name} is not a pattern from ^ to $`);
      }
    }
  },
};

function checkKustomization(object, file) {
  const folder = path.posix.dirname(file);
  const known = ['apiVersion', 'kind', 'namespace', 'labels', 'resources', 'images'];
  Object.keys(object).filter((key) => !known.includes(key)).forEach((key) => problem(file, `${key} is not known here`));
  for (const resource of object.resources) {
    if (!exists(`${folder}/${resource}`)) {
      problem(file, `${resource} is not there`);
    }
  }
  for (const other of filesBelow(folder, /\.yaml$/).filter((name) => path.posix.dirname(name) === folder && name !== file)) {
    if (!object.resources.includes(path.posix.basename(other))) {
      problem(file, `${path.posix.basename(other)} is not among the resources`);
    }
  }
}

// The schemas let unknown fields pass, as Kubernetes does; a typing error would be one. What a schema knows it looks at: a field
// that it did not look at is not in it.
function watched(value, where, unseen) {
  if (value === null || typeof value !== 'object') {
    return value;
  }
  const copy = Array.isArray(value) ? [] : {};
  for (const key of Object.keys(value)) {
    copy[key] = watched(value[key], `${where}/${key}`, unseen);
    if (!Array.isArray(value)) {
      unseen.add(`${where}/${key}`);
    }
  }
  return Array.isArray(value) ? copy : new Proxy(copy, {
    get(target, key) {
      unseen.delete(`${where}/${String(key)}`);
      return target[key];
    },
  });
}

function modelOf({ apiVersion, kind }) {
  try {
    return require(`${apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models'}/${apiVersion}`)[kind];
  } catch {
    return undefined;
  }
}

function checkSchema(object, file) {
  const name = `${object.kind} ${object.metadata?.name}`;
  const Model = modelOf(object);
  if (Model === undefined) {
    problem(file, `there is no schema for ${object.apiVersion} ${object.kind}, and it is not listed as one without`);
    return;
  }
  const top = ['apiVersion', 'kind', 'metadata', 'spec', 'data', 'stringData', 'type'];
  Object.keys(object).filter((key) => !top.includes(key)).forEach((key) => problem(file, `${name}: /${key} is not a field`));
  const unseen = new Set();
  const copy = Object.fromEntries(Object.entries(object).map(([key, value]) => [key, watched(value, `/${key}`, unseen)]));
  const model = Object.assign(new Model(), copy);
  try {
    model.validate();
  } catch (error) {
    problem(file, `${name}: ${error.message}`);
    return;
  }
  unseen.forEach((where) => problem(file, `${name}: ${where} is not a field`));
}

const objects = [];
for (const file of filesBelow('infra/kubernetes', /\.ya?ml$/)) {
  for (const object of yaml(file)) {
    const check = withoutSchema[`${object?.apiVersion} ${object?.kind}`] ?? checkSchema;
    check(object, file);
    objects.push({ ...object, file });
  }
}

const ofKind = (kind) => objects.filter((object) => object.kind === kind);
const named = (kind, name) => ofKind(kind).some((object) => object.metadata.name === name);
const covers = (labels, selector) => Object.entries(selector).every(([key, value]) => labels?.[key] === value);
const isOurs = (object) => path.posix.dirname(object.file) === 'infra/kubernetes';
const deployments = ofKind('Deployment');

for (const { metadata, spec, file } of deployments) {
  const pod = spec.template.spec;
  if (!covers(spec.template.metadata.labels, spec.selector.matchLabels)) {
    problem(file, `${metadata.name} does not select its own pods`);
  }
  if (!(pod.terminationGracePeriodSeconds >= 40)) {
    problem(file, `${metadata.name} gives handlers less than the 40 seconds that they may need`);
  }
  // What the profile "restricted" of the namespace asks for, and a read-only file system.
  const [{ securityContext, ports, resources, ...container }] = pod.containers;
  if (pod.securityContext?.runAsNonRoot !== true || pod.securityContext.seccompProfile?.type !== 'RuntimeDefault' ||
      securityContext?.allowPrivilegeEscalation !== false || securityContext.readOnlyRootFilesystem !== true ||
      !securityContext.capabilities?.drop?.includes('ALL')) {
    problem(file, `${metadata.name} is not as restricted as its namespace asks for`);
  }
  if (resources?.requests === undefined || resources.limits?.memory === undefined) {
    problem(file, `${metadata.name} has no requests, or no limit of memory`);
  }
  for (const [probe, where] of [['startupProbe', '/health/live'], ['livenessProbe', '/health/live'], ['readinessProbe', '/health/ready']]) {
    const request = container[probe]?.httpGet;
    const port = ports.find((one) => one.name === request?.port)?.containerPort;
    const setting = container.env.find((one) => one.name === 'RABBITTOPICS_HEALTH_PORT')?.value;
    if (request?.path !== where || String(port) !== setting) {
      problem(file, `the ${probe} of ${metadata.name} does not ask ${where} at the port of RABBITTOPICS_HEALTH_PORT`);
    }
  }
}
for (const { metadata, spec, file } of ofKind('ScaledObject')) {
  const target = deployments.find((object) => object.metadata.name === spec.scaleTargetRef.name);
  if (target === undefined) {
    problem(file, `${metadata.name} scales ${spec.scaleTargetRef.name}, which is not there`);
  } else if (target.spec.replicas !== undefined) {
    problem(target.file, `${target.metadata.name} sets the replicas that KEDA sets`);
  }
  for (const trigger of spec.triggers) {
    if (!named('TriggerAuthentication', trigger.authenticationRef?.name)) {
      problem(file, `${metadata.name} names the TriggerAuthentication ${trigger.authenticationRef?.name}, which is not there`);
    }
    if (trigger.metadata.host !== undefined) {
      problem(file, `${metadata.name} has the broker's URI in clear text`);
    }
  }
}
const selectors = [
  ...ofKind('PodDisruptionBudget').map((object) => [object, object.spec.selector.matchLabels]),
  ...ofKind('NetworkPolicy').map((object) => [object, object.spec.podSelector.matchLabels]),
];
for (const [object, selector] of selectors.filter(([one]) => isOurs(one))) {
  if (!deployments.some((one) => covers(one.spec.template.metadata.labels, selector))) {
    problem(object.file, `${object.kind} ${object.metadata.name} selects no pod`);
  }
}
for (const [object, selector] of selectors.filter(([one]) => !isOurs(one))) {
  if (!named('RabbitmqCluster', selector['app.kubernetes.io/name'])) {
    problem(object.file, `${object.kind} ${object.metadata.name} selects no node of the broker`);
  }
}
for (const { metadata, spec, file } of objects.filter((object) => object.apiVersion?.startsWith('rabbitmq.com/') && object.kind !== 'RabbitmqCluster')) {
  if (!named('RabbitmqCluster', spec.rabbitmqClusterReference?.name)) {
    problem(file, `${metadata.name} belongs to the cluster ${spec.rabbitmqClusterReference?.name}, which is not there`);
  }
  if (spec.userReference !== undefined && !named('User', spec.userReference.name)) {
    problem(file, `${metadata.name} is for the user ${spec.userReference.name}, who is not there`);
  }
}
for (const { metadata, file } of ofKind('Secret')) {
  problem(file, `${metadata.name} is a secret; secrets are made by hand and not kept here`);
}
end();
