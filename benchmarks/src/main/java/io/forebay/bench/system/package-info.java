/** Figures of the process (such as its memory), and files on disk. */
package io.forebay.bench.system;
