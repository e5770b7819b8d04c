/** The Flink adapter: a keyed state backend on a Forebay store. */
package io.forebay.flink;
