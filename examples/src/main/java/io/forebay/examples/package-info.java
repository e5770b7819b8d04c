/**
 * The demo: a Kafka Streams application and a Flink job that keep their state in Forebay. Both are killed and rescaled,
 * and their results are checked.
 */
package io.forebay.examples;
