// Java 17, nothing else: java SmsTest.java. The emulator is a subprocess, or what SMSC_API, SMSC_HOST and SMSC_PORT name.
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class SmsTest {
    static final String ACCOUNT = "test-" + ProcessHandle.current().pid(); // a namespace of its own
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static String host = System.getenv().getOrDefault("SMSC_HOST", "127.0.0.1");
    static int port = Integer.parseInt(System.getenv().getOrDefault("SMSC_PORT", "2775"));
    static String api = System.getenv("SMSC_API");

    public static void main(String[] arguments) throws Exception {
        Process emulator = api == null ? start() : null;
        try {
            anOrderIsConfirmed();
            System.out.println("passed: an order is confirmed");
        } finally {
            if (emulator != null) emulator.destroy();
        }
    }

    static void anOrderIsConfirmed() throws Exception {
        try {
            check(send("77011234567", "Your order 17 is ready") == 0, "the message was refused");
            String found = ask("/api/messages/wait", """
                {"filters": {"system_id": "%s", "to": "77011234567", "state": "DELIVRD"}, "timeout": 10}
                """.formatted(ACCOUNT));
            check(found.contains("Your order 17 is ready"), found);
            ask("/api/messages/verify", """
                {"filters": {"system_id": "%s", "text": "order 17"}, "equals": 1}
                """.formatted(ACCOUNT));
        } finally {
            ask("/api/reset", """
                {"system_id": "%s"}
                """.formatted(ACCOUNT));
        }
    }

    static Process start() throws IOException {
        String journal = Files.createTempDirectory("smsc-").resolve("journal.sqlite").toString();
        Process emulator =
            new ProcessBuilder(
                    "smsc", "serve", "--port", "0", "--http", "0", "--journal", journal, "--quiet", "--until-eof")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String ready = new BufferedReader(new InputStreamReader(emulator.getInputStream())).readLine();
        Matcher says = Pattern.compile("ready on (.+):(\\d+) .* inbox at (\\S+)/").matcher(ready);
        check(says.find(), ready);
        host = says.group(1);
        port = Integer.parseInt(says.group(2));
        api = says.group(3);
        return emulator;
    }

    static String ask(String path, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(api + path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body));
        String token = System.getenv("SMSC_TOKEN");
        if (token != null) request.header("Authorization", "Bearer " + token);
        HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
        check(response.statusCode() < 300, response.body()); // what came closest is in it
        return response.body();
    }

    static void check(boolean holds, String otherwise) {
        if (!holds) throw new AssertionError(otherwise);
    }

    // --- your program, as far as this test is concerned: bind_transceiver, submit_sm, unbind, octet by octet

    static int send(String to, String text) throws IOException {
        try (Socket socket = new Socket(host, port)) {
            ByteArrayOutputStream bind = new ByteArrayOutputStream();
            for (String field : new String[] {ACCOUNT, "secret", ""}) string(bind, field);
            bind.write(new byte[] {0x34, 0, 0, 0});
            check(exchange(socket, 0x09, 1, bind) == 0, "the bind was refused");
            ByteArrayOutputStream submit = new ByteArrayOutputStream();
            submit.write(new byte[] {0, 5, 0});
            string(submit, "SHOP");
            submit.write(new byte[] {1, 1});
            string(submit, to);
            submit.write(new byte[] {0, 0, 0, 0, 0, 1, 0, 0, 0, (byte) text.length()});
            submit.write(text.getBytes(StandardCharsets.US_ASCII));
            int status = exchange(socket, 0x04, 2, submit);
            exchange(socket, 0x06, 3, new ByteArrayOutputStream());
            return status;
        }
    }

    static void string(ByteArrayOutputStream body, String field) throws IOException {
        body.write(field.getBytes(StandardCharsets.US_ASCII));
        body.write(0);
    }

    /** Sends a request and returns the command_status of its response. */
    static int exchange(Socket socket, int command, int sequence, ByteArrayOutputStream body) throws IOException {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        ByteArrayOutputStream pdu = new ByteArrayOutputStream();
        DataOutputStream header = new DataOutputStream(pdu);
        for (int field : new int[] {16 + body.size(), command, 0, sequence}) header.writeInt(field);
        body.writeTo(pdu);
        out.write(pdu.toByteArray());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
            byte[] rest = new byte[in.readInt() - 16];
            int id = in.readInt(), status = in.readInt(), number = in.readInt();
            in.readFully(rest);
            if (id == (command | 0x80000000) && number == sequence) return status;
        }
    }
}
