/** The input of the demo: a deterministic stream of events. Every process can compute an event from its index. */
package io.forebay.examples.auction;
