/**
 * Everything that this module uses of Kafka's {@code internals} packages, which may change with any Kafka release: a port
 * to another release changes this package only. In and out: public types of Kafka. Stateless.
 */
package io.forebay.kafka.bridge;
