import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.Executors;

/** Serves Verifier.java: the answer to a bearer token, and the state of the follower. */
public final class Host {
    public static void main(String[] args) throws Exception {
        String issuer = System.getenv("ISSUER");
        String list = System.getenv().getOrDefault("REVOCATIONS", issuer + "/revocations");
        Duration staleAfter = Duration.ofSeconds(Long.parseLong(System.getenv("STALE_AFTER")));
        Revocations ended = new Revocations(list, System.getenv("GUARD_KEY"), staleAfter);
        Verifier verifier = new Verifier(issuer, System.getenv("AUDIENCE"), ended);
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/known", exchange -> answer(exchange, 200, String.valueOf(ended.size())));
        server.createContext("/sessions/", exchange -> answer(exchange, 200, state(ended, exchange)));
        server.createContext("/", exchange -> answer(exchange, status(verifier, exchange), ""));
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
    }

    private static String state(Revocations ended, HttpExchange exchange) {
        try {
            return ended.hasEnded(exchange.getRequestURI().getPath().split("/")[2]) ? "ended" : "live";
        } catch (Revocations.Unavailable error) {
            return "unavailable";
        }
    }

    private static int status(Verifier verifier, HttpExchange exchange) {
        try {
            verifier.verify(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")).replaceFirst("^Bearer ", ""));
            return 200;
        } catch (ParseException | BadJOSEException error) {
            return 401;
        } catch (JOSEException | Revocations.Unavailable error) {
            return 503;
        } catch (Exception error) {
            error.printStackTrace();
            return 500;
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        exchange.sendResponseHeaders(status, text.length() == 0 ? -1 : text.length());
        exchange.getResponseBody().write(text.getBytes());
        exchange.close();
    }
}
