/** Modules and packed files, uploaded under their SHA-256 before an app names them. */
import type { FastifyInstance } from 'fastify';
import { WeftError } from '../../model/errors.ts';
import { DIGEST, digestOf } from '../../registry/digest.ts';
import type { Platform } from '../platform.ts';
import { bytesOf, paramOf } from './input.ts';

const PATH = '/system/artifacts/:digest';

export function artifactRoutes(admin: FastifyInstance, platform: Platform): void {
  admin.head(PATH, async (request, reply) => {
    const present = await platform.hasArtifact(digestParam(paramOf(request, 'digest')));
    return reply.code(present ? 200 : 404).send();
  });

  admin.put(PATH, async (request, reply) => {
    const wanted = digestParam(paramOf(request, 'digest'));
    const content = bytesOf(request);
    const digest = digestOf(content);
    if (digest !== wanted) throw new WeftError('WEFT_ARTIFACT_INVALID', { digest: wanted, reason: `its SHA-256 is ${digest}` });
    const present = await platform.hasArtifact(digest);
    await platform.putArtifact(content);
    return reply.code(present ? 200 : 201).send({ digest, bytes: content.length });
  });
}

function digestParam(text: string): string {
  if (!DIGEST.test(text)) throw new WeftError('WEFT_ADMIN_REQUEST', { reason: `"${text}" is not a SHA-256 in lower-case hexadecimal` });
  return text;
}
