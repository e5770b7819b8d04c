/** The local working directory of a backend, and the threads that copy files to and from the checkpoint storage. */
package io.forebay.flink.io;
