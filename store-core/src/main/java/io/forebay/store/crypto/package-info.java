/**
 * Encryption at rest: AES-256-GCM from the JDK, a data key for each file, wrapped by a key of the caller.
 *
 * <p>What enters: messages (blocks, log records, metadata) with their place in a file, and a {@link
 * io.forebay.store.KeyProvider}. What leaves: as many bytes and a tag, which open at that place of that file only. The
 * package knows nothing of what it encrypts; the layout of each kind of file says where its {@link
 * io.forebay.store.crypto.KeyEnvelope envelope} and its messages lie. Bytes: docs/format/encryption.md; what this protects
 * against: SECURITY.md.
 *
 * <p>Everything here is thread-safe. Invariants: a data key is used for one file, and a position of that file is encrypted
 * once, so no nonce repeats under a key; keys come from a secure source and are in no message, log or exception.
 */
package io.forebay.store.crypto;
