/**
 * Forebay as the state store of Kafka Streams. Applications need two classes: {@link
 * io.forebay.kafka.ForebayDslStoreSuppliers}, named in the property {@code dsl.store.suppliers.class}, moves the stores of
 * DSL operators to Forebay, and {@link io.forebay.kafka.ForebayStores} supplies stores for the Processor API and {@code
 * Materialized}. The subpackages are not API.
 *
 * <p>This package takes and returns Kafka's public types only. Kafka lays its own wrapping stores (metrics, record cache,
 * changelog) over the stores of Forebay, without changes. The packages depend on each other from left to right: this
 * package; {@code kv} and {@code window}; {@code state}; {@code config}, {@code offsets} and {@code bridge}. Only {@code
 * bridge} uses Kafka's {@code internals}.
 */
package io.forebay.kafka;
