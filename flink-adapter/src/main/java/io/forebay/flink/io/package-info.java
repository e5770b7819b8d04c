/** The local working directory of a backend. */
package io.forebay.flink.io;
