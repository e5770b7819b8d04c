/**
 * The implementations of {@link io.forebay.store.FileStore}: a directory of the local file system, and one in memory. This is
 * the only package that touches {@code java.nio.file} or a channel.
 *
 * <p>In: file names and bytes. Out: files that are durable after {@link io.forebay.store.WritableFile#sync()} and
 * {@link io.forebay.store.FileStore#syncDirectory()}, and {@link java.io.IOException}s that name the file. All types are
 * thread-safe, except that a writable file has one writer. An interrupt of a calling thread never fails an operation, and is
 * still set when it returns: stream processors interrupt their task threads at any time, and a channel that an interrupt closed
 * would fail all other readers of a file.
 */
package io.forebay.store.io;
