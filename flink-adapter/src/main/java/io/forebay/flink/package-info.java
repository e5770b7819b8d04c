/**
 * Forebay as a state backend of Apache Flink. In: configurations, through {@link
 * io.forebay.flink.ForebayStateBackendFactory}. Out: one {@link io.forebay.flink.ForebayKeyedStateBackend} for each
 * operator instance. The packages below mirror those of Flink's own backends.
 *
 * <p>One backend is one store. Its rows are ordered by key group, then by state. So a key group is one range of keys over
 * all states: rescaling clips files to ranges, and a canonical savepoint is one scan.
 */
package io.forebay.flink;
