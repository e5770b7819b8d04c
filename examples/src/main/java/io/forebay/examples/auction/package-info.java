/** The input: a deterministic stream of events that every process can compute again from an index. */
package io.forebay.examples.auction;
