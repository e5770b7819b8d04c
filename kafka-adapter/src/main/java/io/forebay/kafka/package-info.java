/** The Kafka Streams adapter: stores and suppliers that keep their state in a Forebay store. */
package io.forebay.kafka;
