package io.forebay.store.version;

import io.forebay.store.VerificationReport.Finding;
import io.forebay.store.VerificationReport.VerifiedFile;
import io.forebay.store.sst.Findings;
import java.util.ArrayList;
import java.util.List;

/** Collects what a verification finds in one file. Used by one thread. */
public final class FileReport implements Findings {
    /** A file may have millions of entries; further findings are only counted. */
    private static final int MAX_FINDINGS = 100;

    private final String name;
    private final List<Finding> findings = new ArrayList<>();
    private long bytes;
    private long blocks;
    private long entries;
    private long moreFindings;

    public FileReport(String name) {
        this.name = name;
    }

    public String name() {
        return name;
    }

    @Override
    public void add(long offset, String expected, String found) {
        if (findings.size() < MAX_FINDINGS) {
            findings.add(new Finding(name, offset, expected, found));
        } else {
            moreFindings++;
        }
    }

    public void size(long newBytes) {
        bytes = newBytes;
    }

    /** Notes how much of the file is undamaged. */
    public void content(long newBlocks, long newEntries) {
        blocks = newBlocks;
        entries = newEntries;
    }

    public boolean isClean() {
        return findings.isEmpty();
    }

    public VerifiedFile finish() {
        return new VerifiedFile(name, bytes, blocks, entries, findings, moreFindings);
    }
}
