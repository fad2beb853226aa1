import { join } from 'node:path'

/** Where things lie in the data folder; README.md shows the whole. */
export function adminKeyFile(dataDir: string): string {
  return join(dataDir, 'admin-key')
}

export function publishFolder(dataDir: string): string {
  return join(dataDir, 'publish')
}

/** The publisher's private key; its public half lies in the publish folder. */
export function signingKeyFile(dataDir: string): string {
  return join(dataDir, 'secrets', 'publisher.key')
}

export function postgresFolder(dataDir: string): string {
  return join(dataDir, 'postgres')
}

export function hostFolder(dataDir: string, host: string): string {
  return join(dataDir, 'hosts', host)
}
