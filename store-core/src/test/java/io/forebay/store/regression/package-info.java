/**
 * Bugs of a store, a class for each, named after what was wrong. The comment of the class says what users saw; the table of bugs in
 * {@code docs/testing.md} says how it was found.
 *
 * <p>A bug that one class of the engine shows by itself is tested beside that class, and one that broke a promise which has its
 * class in {@code api} is a method there.
 */
package io.forebay.store.regression;
