package io.forebay.bench.worker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.forebay.bench.scenarios.Measurement;
import io.forebay.bench.scenarios.Scale;
import java.io.UncheckedIOException;
import java.util.Optional;

/** What the JVMs say to each other: a line of JSON each; a word before it tells answers from what else is printed. */
final class Wire {
    private static final String ANSWER = "forebay-bench-answer ";
    private static final ObjectMapper JSON = new ObjectMapper();

    private Wire() {}

    /**
     * A scenario to play once, in a directory that the worker creates and deletes.
     *
     * @param number that the answers name
     */
    record Request(long number, String scenario, Scale scale, long seed, String directory) {}

    /**
     * One work that is done, or with neither measurement nor failure: all of them are.
     *
     * @param request its number
     * @param failure in one line
     */
    record Answer(long request, Measurement measurement, String failure) {
        static Answer of(long request, Measurement measurement) {
            return new Answer(request, measurement, null);
        }

        static Answer done(long request) {
            return new Answer(request, null, null);
        }

        static Answer failed(long request, Throwable cause) {
            return new Answer(request, null, String.valueOf(cause).replaceAll("\\s+", " "));
        }

        boolean ends() {
            return measurement == null;
        }
    }

    static String encode(Request request) {
        return json(request);
    }

    static Request request(String line) {
        try {
            return JSON.readValue(line, Request.class);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String encode(Answer answer) {
        return ANSWER + json(answer);
    }

    /** Empty when the line is something else. An answer may stand behind text without an end of its line. */
    static Optional<Answer> answer(String line) {
        int at = line.indexOf(ANSWER);
        if (at < 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(JSON.readValue(line.substring(at + ANSWER.length()), Answer.class));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /** What stands in the line besides an answer. */
    static String other(String line) {
        return answer(line).isEmpty() ? line : line.substring(0, line.indexOf(ANSWER));
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
