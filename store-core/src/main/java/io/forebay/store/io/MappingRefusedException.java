package io.forebay.store.io;

import java.io.IOException;

/** The system, or the channel of a file, maps no file, so it is of no use to ask for a further one. */
public final class MappingRefusedException extends IOException {
    private static final long serialVersionUID = 1;

    public MappingRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
