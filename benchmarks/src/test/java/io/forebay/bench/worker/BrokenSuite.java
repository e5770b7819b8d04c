package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Play;
import io.forebay.bench.scenarios.Scale;
import io.forebay.bench.scenarios.Scenario;
import io.forebay.bench.scenarios.Suite;
import io.forebay.bench.scenarios.Trial;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** What can go wrong in the JVM of a contender. */
public final class BrokenSuite implements Suite {
    static final Play FINE = play("broken-fine", trial -> trial.measure("nothing", 10, i -> {}));
    static final Play WRONG = play("broken-wrong", trial -> Trial.check(false, "two and\n two"));
    static final Play GONE = play("broken-gone", trial -> Runtime.getRuntime().halt(3));
    static final Play LOUD = play("broken-loud", trial -> {
        System.out.println("a library prints");
        trial.figure("loudness", "dB", 1);
    });

    /** As a library does that is not written in Java. */
    static final Play NATIVE = play("broken-native", trial -> {
        print(Wire.encode(Wire.Answer.failed(-1, new IllegalStateException("of an older request")))
                + "\nno end of line");
        trial.figure("loudness", "dB", 2);
    });

    /** Says that it has begun, and never ends. */
    static final Play ENDLESS = play("broken-endless", trial -> {
        trial.figure("begun", "times", 1);
        while (true) {
            LockSupport.park();
        }
    });

    private static void print(String text) {
        // Not closed: the answers go there too.
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return "broken";
    }

    @Override
    public List<Contender> contenders() {
        return List.of(new Contender("broken-one", "One"), new Contender("broken-two", "Two", "no-such-folder"));
    }

    @Override
    public List<Scenario> scenarios() {
        return plays(true).stream().map(Play::scenario).toList();
    }

    @Override
    public List<Play> plays(boolean quick) {
        return List.of(FINE, WRONG, GONE, LOUD, NATIVE, ENDLESS);
    }

    private interface Story {
        void play(Trial trial);
    }

    private static Play play(String id, Story story) {
        Scenario scenario = new Scenario() {
            @Override
            public String id() {
                return id;
            }

            @Override
            public String title() {
                return id;
            }

            @Override
            public boolean isFor(Contender contender) {
                return true;
            }

            @Override
            public void play(Trial trial) {
                story.play(trial);
            }
        };
        return new Play(scenario, new Scale(1000, 10), 1, 1);
    }
}
