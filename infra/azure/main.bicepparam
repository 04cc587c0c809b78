using './main.bicep'

param name = 'rabbittopics'
param maximumInstances = 5

// Never written down here: infra/azure/deploy asks for it.
param rabbitMqUri = readEnvironmentVariable('RABBITMQ_URI')
