package io.forebay.bench.worker;

import io.forebay.bench.scenarios.Contender;
import io.forebay.bench.scenarios.Suite;
import java.io.File;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** The JVMs that live now, one for each contender. Used by one thread; any other may stop them for good. */
public final class Workers implements AutoCloseable {
    private final Home home;
    private final List<String> options;
    private final File log;
    private final Map<Contender, WorkerProcess> workers = new LinkedHashMap<>();
    private boolean stopped;

    /**
     * @param options of all JVMs
     * @param log where they all write
     */
    public Workers(Home home, List<String> options, File log) {
        this.home = home;
        this.options = options;
        this.log = log;
    }

    /**
     * The one that lives, or a new one.
     *
     * @throws CancellationException after {@link #stop}
     */
    public synchronized WorkerProcess of(Suite suite, Contender contender) throws IOException {
        throwIfStopped();
        WorkerProcess worker = workers.get(contender);
        if (worker == null || !worker.isAlive()) {
            worker = new WorkerProcess(suite, contender, home, options, log);
            workers.put(contender, worker);
        }
        return worker;
    }

    /** @throws CancellationException after {@link #stop}: what a worker failed at then says nothing */
    public synchronized void throwIfStopped() {
        if (stopped) {
            throw new CancellationException("The run was stopped");
        }
    }

    /** Kills all, and lets no other start. */
    public synchronized void stop() {
        stopped = true;
        workers.values().forEach(WorkerProcess::kill);
    }

    /** Ends all in good order; others may start. */
    @Override
    public synchronized void close() {
        workers.values().forEach(WorkerProcess::close);
        workers.clear();
    }
}
