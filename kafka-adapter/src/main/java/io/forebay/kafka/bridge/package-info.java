/**
 * Everything this module takes from Kafka's {@code internals} packages, which may change with any Kafka release: a port to
 * another release starts and ends here. In: public Kafka types; out: public Kafka types. Stateless.
 */
package io.forebay.kafka.bridge;
