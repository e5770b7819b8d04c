/** The engines that are compared, behind one interface, each with the memory that the others have too. */
package io.forebay.bench.engines;
