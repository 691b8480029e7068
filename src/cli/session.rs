//! A command's way to the data: a running daemon where there is one, else the same loop for this one errand.

use super::{Failure, Places, load, output};
use crate::config::Config;
use crate::control::{Client, Progress, Reply, Request, socket_path};
use crate::daemon::{self, Handle, OpenError, Role, Setup};
use crate::store::StoreError;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a command waits for another one that has the store.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);
/// Replies that may wait for the terminal.
const REPLIES_WAITING: usize = 64;

/// Asks, shows the progress, and gives the last reply; a problem is a failure.
pub(super) fn ask(places: &Places, request: Request, mut on_progress: impl FnMut(Progress)) -> Result<Reply, Failure> {
    let config = places.config();
    let data_dir = places.data_dir(config.as_ref().ok())?;
    output::log_to_terminal("warn");
    super::block_on(async {
        let (asked, mut replies) = connect_or_open(config, data_dir, request).await?;
        let mut answer = Err(Failure::Failed("there was no answer".to_owned()));
        while let Some(reply) = replies.recv().await {
            match reply {
                Reply::Progress(progress) => on_progress(progress),
                Reply::Problem { message } => answer = Err(Failure::Failed(message)),
                last => answer = Ok(last),
            }
            if answer.is_ok() {
                break;
            }
        }
        asked.close().await?;
        answer
    })
}

/// The failure of an answer of another kind than the question.
pub(super) fn unexpected() -> Failure {
    Failure::Failed("the answer is of another kind than the question; restart the daemon".to_owned())
}

/// Who answers.
enum Asked {
    Daemon(tokio::task::JoinHandle<std::io::Result<()>>),
    Errand(Handle),
}

impl Asked {
    async fn close(self) -> Result<(), Failure> {
        match self {
            Self::Daemon(task) => match task.await {
                Ok(Err(error)) => Err(Failure::Failed(error.to_string())),
                _ => Ok(()),
            },
            Self::Errand(handle) => {
                handle.stop().await;
                handle.ended().await.map_err(|error| Failure::Failed(error.to_string()))
            }
        }
    }
}

/// Two commands may come at once, and a daemon may just be starting: then the store is taken and the socket not yet
/// there, or a moment later the other way round.
async fn connect_or_open(
    config: Result<Config, Failure>,
    data_dir: PathBuf,
    request: Request,
) -> Result<(Asked, mpsc::Receiver<Reply>), Failure> {
    let socket = socket_path(&data_dir, &runtime_dir());
    let mut tries = PATIENCE.as_millis() / BETWEEN_TRIES.as_millis();
    loop {
        if let Some(client) = connect(&socket).await? {
            let (replies, answers) = mpsc::channel(REPLIES_WAITING);
            let task = tokio::spawn(async move {
                let mut client = client;
                client.ask(&request, replies).await
            });
            return Ok((Asked::Daemon(task), answers));
        }
        // A running daemon answers whatever became of the file meanwhile; without one, the file is needed.
        let Ok(config) = &config else { return Err(config.err().unwrap_or_else(unexpected)) };
        match daemon::start(setup(config.clone(), data_dir.clone(), true), Role::Errand).await {
            Ok(handle) => {
                let answers = handle.ask(request).await;
                return Ok((Asked::Errand(handle), answers));
            }
            Err(OpenError::Store(StoreError::InUse(_))) if tries > 0 => {
                tries -= 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Err(error) => return Err(Failure::Failed(error.to_string())),
        }
    }
}

async fn connect(socket: &Path) -> Result<Option<Client>, Failure> {
    Client::connect(socket).await.map_err(|error| {
        Failure::Failed(format!(
            "the daemon behind {} does not let this user ask: {error}; run the command as the user it runs as, or as root",
            socket.display()
        ))
    })
}

/// What a loop is made of, for this command line.
pub(super) fn setup(config: Config, data_dir: PathBuf, watched: bool) -> Setup {
    let path = config.path.clone();
    Setup {
        config,
        data_dir,
        runtime_dir: runtime_dir(),
        reload: Box::new(move || load(&path, &Places::environment())),
        watched,
    }
}

/// Where a socket goes whose path in the data folder would be too long.
fn runtime_dir() -> PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}
