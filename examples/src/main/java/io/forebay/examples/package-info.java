/** The demo: a Kafka Streams application and a Flink job that keep their state in Forebay, are killed, rescaled, and checked. */
package io.forebay.examples;
