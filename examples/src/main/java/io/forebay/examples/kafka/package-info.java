/** The Kafka half of the demo: broker, topics, the application as a child process, and the check of its output topics. */
package io.forebay.examples.kafka;
