import { createHash, randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** 256 random bits: too many to guess, so that a plain hash is enough to keep them safe at rest. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`
}

export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** argon2id with the parameters OWASP recommends (19 MiB, 2 passes, 1 lane). */
export function hashPassword(password: string): Promise<string> {
  return hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
}

/** Takes as long for a user without a password as for one with, so that the answer's time tells nothing. */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  const decoy = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0NTY3OA$6oE5lPQm3mEH6QvyK1PFCkOXzQ1pWLCkS6dcG8qP8eQ'
  const matches = await verify(stored ?? decoy, password).catch(() => false)
  return stored !== null && matches
}
