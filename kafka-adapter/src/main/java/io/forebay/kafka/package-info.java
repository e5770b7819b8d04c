/**
 * Forebay as the state store of Kafka Streams. Applications need two classes: {@link
 * io.forebay.kafka.ForebayDslStoreSuppliers}, named in the property {@code dsl.store.suppliers.class}, moves the stores of
 * DSL operators to Forebay, and {@link io.forebay.kafka.ForebayStores} supplies stores for the Processor API and {@code
 * Materialized}. The subpackages are not API.
 *
 * <p>What enters and leaves are Kafka's own public types; the stores lie under Kafka's wrapping stores (metrics, record
 * cache, changelog), which stay as they are. The arrows go down: this package, {@code kv} and {@code window}, {@code state},
 * {@code config}, {@code offsets} and {@code bridge}. Only {@code bridge} touches Kafka's {@code internals}.
 */
package io.forebay.kafka;
