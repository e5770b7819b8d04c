/**
 * What a user of the public API may rely on, a class for each subject: what an operation does, how long it holds, what it costs, and
 * which error says what went wrong. Tests reach a store as its users do.
 */
package io.forebay.store.api;
