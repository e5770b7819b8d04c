/**
 * Compression of blocks. In: the content of a block. Out: the payload that is stored; and the other way round. A library that
 * is missing at run time is named in the exception. A payload that is no compressed block is a
 * {@link io.forebay.store.compress.BadPayloadException}, which the caller turns into a corruption error with file and offset.
 *
 * <p>Codecs are thread-safe; no call sees what another call has left in a workspace.
 */
package io.forebay.store.compress;
