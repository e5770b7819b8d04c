/**
 * Compression of blocks. In goes the content of a block, out comes the payload that is stored, and back. What is missing at
 * run time is said by name; a payload that is no compressed block comes out as {@link
 * io.forebay.store.compress.BadPayloadException}, which the caller turns into a corruption error with file and offset.
 *
 * <p>Codecs are used by any thread; what one call leaves behind never shows in another.
 */
package io.forebay.store.compress;
