//! What is in the file of a job, without storing it.

use std::io;

use tokio::sync::OwnedSemaphorePermit;

use super::super::error::ApiError;
use super::super::state::Api;
use super::file::here;
use crate::archive::entry::Listing;
use crate::archive::file_type::FileType;
use crate::archive::list::list;
use crate::archive::problem::ArchiveError;
use crate::archive::source::ReadAt;
use crate::jobs::{Jobs, archive_limits};
use crate::meta::Job;
use crate::objects::{Key, Ranged};

/// A smaller file is copied from a bucket: that is a single request.
const COPIED_BYTES_MAX: i64 = 4 << 20;

/// Lists what the file holds. Of a large zip in a bucket only its directory is fetched, and the headers that it points to; where that is
/// not enough, as for one whose directory is broken, it is copied like all else.
pub(super) async fn listing(api: &Api, job: &Job) -> Result<Listing, ApiError> {
    here(api, job)?;
    let turn = api.listing_turn().await?;
    let (key, objects) = (Jobs::object_key(job.id), api.jobs.objects());
    if job.file_type == FileType::Zip.as_str()
        && job.file_size > COPIED_BYTES_MAX
        && let Some(object) = objects.ranged(&key).await.map_err(ApiError::storage)?
    {
        return match by_ranges(api, job, object, turn).await? {
            Ranges::Listed(listing) => Ok(listing),
            Ranges::NeedsCopy(turn) => by_copy(api, job, &key, turn).await,
        };
    }
    by_copy(api, job, &key, turn).await
}

async fn by_copy(api: &Api, job: &Job, key: &Key, turn: OwnedSemaphorePermit) -> Result<Listing, ApiError> {
    let file = api.jobs.objects().open_local(key, api.jobs.copies()).await.map_err(ApiError::storage)?;
    let (_, listing, _) = listed(api, job, file, turn).await?;
    listing.map_err(unlistable)
}

/// What a bucket's ranges were worth.
enum Ranges {
    Listed(Listing),
    NeedsCopy(OwnedSemaphorePermit),
}

async fn by_ranges(api: &Api, job: &Job, object: Ranged, turn: OwnedSemaphorePermit) -> Result<Ranges, ApiError> {
    match listed(api, job, Fetched(object), turn).await? {
        (_, Ok(listing), _) => Ok(Ranges::Listed(listing)),
        (Fetched(object), Err(ArchiveError::Read(_)), turn) => match object.failure() {
            Some(failure) => Err(ApiError::storage(failure)),
            None => Ok(Ranges::NeedsCopy(turn)),
        },
        (_, Err(error), _) => Err(unlistable(error)),
    }
}

/// Lists on a thread of its own, which has the turn until it is done, though its caller may have gone.
async fn listed<R: ReadAt + Send + 'static>(
    api: &Api,
    job: &Job,
    file: R,
    turn: OwnedSemaphorePermit,
) -> Result<(R, Result<Listing, ArchiveError>, OwnedSemaphorePermit), ApiError> {
    let (limits, name) = (archive_limits(api.jobs.limits()), job.file_name.clone());
    let listing = tokio::task::spawn_blocking(move || {
        let listing = list(&file, &name, &limits);
        (file, listing, turn)
    });
    listing.await.map_err(ApiError::internal)
}

fn unlistable(error: ArchiveError) -> ApiError {
    ApiError::conflict(format!("the archive cannot be listed: {error}"))
}

/// An object as `archive` reads it.
struct Fetched(Ranged);

impl ReadAt for Fetched {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.bytes())
    }

    fn read_at(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        self.0.read_at(out, at)
    }
}
