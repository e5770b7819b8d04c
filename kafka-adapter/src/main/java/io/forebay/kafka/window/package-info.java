/**
 * Window and session stores, each one engine store. A row is {@code [segment:8][key as in the changelog]}: a segment is a
 * span of stream time, all rows of a segment lie together, so dropping the expired ones is one range delete, and a fetch is
 * one seek per segment that has rows (three or four with Kafka's segment intervals).
 *
 * <p>In: calls of Kafka's wrapping stores; out: engine writes and reads. Threads as in {@code io.forebay.kafka.state}.
 *
 * <p>Invariants: every row's time is at most the observed stream time; no row lies in a segment before the live ones once a
 * put has moved on; a row that is too old is never shown, although its segment may live ({@code Segments}).
 */
package io.forebay.kafka.window;
