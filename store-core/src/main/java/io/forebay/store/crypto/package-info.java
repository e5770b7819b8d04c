/**
 * Encryption at rest: AES-256-GCM from the JDK, a data key for each file, wrapped by a key of the caller.
 *
 * <p>In: messages (blocks, log records, metadata) with their place in a file, and a {@link io.forebay.store.KeyProvider}. Out:
 * as many bytes and a tag, which open only at that place of that file. The package knows nothing of the content that it
 * encrypts; the layout of each kind of file tells where its {@link io.forebay.store.crypto.KeyEnvelope envelope} and its
 * messages lie. The bytes are described in docs/format/encryption.md, the threats in SECURITY.md.
 *
 * <p>All types are thread-safe. Invariants: a data key is used for one file, and a position of that file is encrypted once, so
 * no nonce repeats under a key; keys come from a secure source and are in no message, log or exception.
 */
package io.forebay.store.crypto;
