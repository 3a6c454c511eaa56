@echo off
rem Step 4 of BioT's guide "Plugin Deployment" for a Docker image: log docker in to BioT's repository of images.
rem You need it only to push with docker yourself; BuildAndPush and `tox -e publish` log in by themselves.
rem
rem   scripts\login.bat -e staging
rem
rem The credentials come from BioT's temp-credentials. They go to docker's store, and are printed nowhere.
setlocal
cd /d "%~dp0.." || exit /b 1
where /q biot-plugin
if errorlevel 1 (
    call tox -qq -e image -- login %*
) else (
    call biot-plugin image login %*
)
exit /b %errorlevel%
