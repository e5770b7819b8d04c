/**
 * Damage of every kind to the files of a small store. {@link io.forebay.store.harness.damage.SmallStore} makes the files and
 * knows what the store held at each commit; {@link io.forebay.store.harness.damage.DamagedStore} opens a damaged copy and
 * reads everything in all ways: every answer is right, or an error that names the damaged file.
 */
package io.forebay.store.harness.damage;
