package io.forebay.bench.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import java.io.UncheckedIOException;

/** What the JVMs say to each other: a line each, JSON behind a word. */
final class Wire {
    static final String DONE = "done";
    static final String FAILED = "failed ";
    private static final String MEASUREMENT = "measurement ";
    private static final ObjectMapper JSON = new ObjectMapper();

    private Wire() {}

    /** A scenario to play once, in a directory that the worker creates and deletes. */
    record Request(String scenario, Scale scale, long seed, String directory) {}

    static String encode(Request request) {
        return json(request);
    }

    static Request request(String line) {
        return parse(line, Request.class);
    }

    static String encode(Measurement measurement) {
        return MEASUREMENT + json(measurement);
    }

    static boolean isMeasurement(String line) {
        return line.startsWith(MEASUREMENT);
    }

    static Measurement measurement(String line) {
        return parse(line.substring(MEASUREMENT.length()), Measurement.class);
    }

    static String failed(Throwable cause) {
        return FAILED + String.valueOf(cause).replaceAll("\\s+", " ");
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static <T> T parse(String json, Class<T> type) {
        try {
            return JSON.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
