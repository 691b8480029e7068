//! A publisher's host, for tests: a real socket that answers as a script says and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// An answer: status line, headers, body.
#[derive(Clone, Debug)]
pub struct Answer {
    status: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Answer a request that has this validator with 304.
    validator: Option<String>,
}

impl Answer {
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::of("200 OK", body)
    }

    pub fn status(status: &'static str) -> Self {
        Self::of(status, Vec::new())
    }

    pub fn of(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), validator: None }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an `ETag`, and a 304 for who has it.
    pub fn etag(mut self, etag: &str) -> Self {
        self.validator = Some(etag.to_owned());
        self.header("ETag", etag)
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// With the query, verbatim.
    pub target: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub at: Instant,
}

/// A running host; its thread ends with the process.
#[derive(Clone, Debug)]
pub struct Host {
    pub address: SocketAddr,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Host {
    /// A host on a free port of this loopback address.
    pub fn start(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let host = Self { address: listener.local_addr().unwrap(), answers: Arc::default(), asked: Arc::default() };
        let serving = host.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.converse(&stream));
            }
        });
        host
    }

    /// Answers `path` so from now on.
    pub fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn converse(&self, stream: &TcpStream) {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while let Some(Ok(first)) = lines.next() {
            let mut words = first.split(' ').map(str::to_owned);
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            let at = now();
            let head = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty());
            let pairs = head.filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            });
            let asked = Asked { method, target, headers: pairs.collect(), at };
            let answer = self.answers.lock().unwrap().get(&asked.target).cloned();
            let answer = answer.unwrap_or_else(|| Answer::status("404 Not Found"));
            let known = answer.validator.is_some() && asked.headers.get("if-none-match") == answer.validator.as_ref();
            self.asked.lock().unwrap().push(asked);
            if write(stream, &answer, known).is_err() {
                return;
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the gap between requests is real time")]
fn now() -> Instant {
    Instant::now()
}

fn write(mut stream: &TcpStream, answer: &Answer, not_modified: bool) -> std::io::Result<()> {
    let (status, body) = if not_modified { ("304 Not Modified", &[][..]) } else { (answer.status, &answer.body[..]) };
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}
