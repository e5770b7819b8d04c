/**
 * Window and session stores; each is one engine store. The key of a row is {@code [segment:8][key as in the changelog]}. A
 * segment is a span of stream time, and all rows of a segment lie together. So expired segments are dropped by one range
 * delete, and a fetch needs one seek for each segment that has rows (three or four with Kafka's segment intervals):
 *
 * <pre>
 *   | segment 4         | segment 5         | segment 6      |   stream time is in segment 6
 *   | a.. a.. b.. c..   | a.. b.. b..       | b.. c..        |   rows by key, then time
 *     expired: one        a fetch of key b seeks to b here,
 *     range delete        and here
 * </pre>
 *
 * <p>In: calls of Kafka's wrapping stores. Out: reads and writes of the engine. Threads: as in {@code
 * io.forebay.kafka.state}.
 *
 * <p>Invariants: the time of each row is at most the observed stream time. After a put has moved stream time on, no row
 * lies in an expired segment. A row that is too old is never shown, even if its segment has not expired ({@code
 * Segments}).
 */
package io.forebay.kafka.window;
