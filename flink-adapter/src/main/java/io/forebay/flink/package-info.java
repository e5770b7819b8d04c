/**
 * Forebay as a state backend of Apache Flink. Configurations enter through {@link
 * io.forebay.flink.ForebayStateBackendFactory}; a {@link io.forebay.flink.ForebayKeyedStateBackend} per operator instance
 * leaves. The packages below mirror those of Flink's own backends.
 *
 * <p>One backend is one store. Its rows are ordered by key group, then by state, so that a key group is one range of keys
 * over all states: rescaling clips ranges of files, and a canonical savepoint is one scan.
 */
package io.forebay.flink;
