/** The {@code forebay.*} settings of a Kafka Streams application. In: its properties. Out: checked values. Stateless. */
package io.forebay.kafka.config;
