/**
 * Kafka's published test classes on Forebay. Their code is not changed: when Surefire runs them (system property {@code
 * forebay.published}), {@link io.forebay.kafkatests.published.Redirect} rewrites the methods of Kafka Streams that make
 * RocksDB stores, so that they make Forebay's. {@link io.forebay.kafkatests.published.Proof} counts for each class which stores
 * were opened, and fails what ran on RocksDB alone; {@link io.forebay.kafkatests.published.NotApplicable} leaves out what is
 * about RocksDB itself.
 */
package io.forebay.kafkatests.published;
