/**
 * Real threads that do all that can be done to a store at the same time, and check what they see: the accounts of a
 * {@link io.forebay.store.harness.race.Bank} never lose money.
 */
package io.forebay.store.harness.race;
